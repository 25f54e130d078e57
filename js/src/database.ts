// The one file that knows IndexedDB.

/** Starts requests of a transaction; `result` is read when the transaction has been committed. */
export type Act<T> = (transaction: IDBTransaction) => { readonly result: T };

/** Runs one transaction on all object stores; resolves when it is committed. */
export type Database = <T>(mode: IDBTransactionMode, act: Act<T>) => Promise<T>;

/** A database of object stores without key paths; it is opened when it is first used. */
export function browserDatabase(
  name: string,
  objectStores: string[],
  options?: IDBTransactionOptions,
): Database {
  let opened: Promise<IDBDatabase> | undefined;
  const onClose = () => (opened = undefined);
  return async (mode, act) => {
    try {
      const db = await (opened ??= open(name, objectStores, onClose));
      return await finish(act, db.transaction(objectStores, mode, options));
    } catch (error) {
      onClose(); // A database that failed once may work when it is opened anew.
      throw error;
    }
  };
}

/** Whether there is IndexedDB here, be it a broken one. */
export function hasDatabases(): boolean {
  // Looked up, not read: reading `indexedDB` throws in a sandboxed frame.
  return 'indexedDB' in globalThis;
}

/** Removes a database with all it holds. Connections of browserDatabase() make way by themselves. */
export async function deleteDatabase(name: string): Promise<void> {
  // Asking first spares those who never stored anything the making of a folder on the disk.
  const known = await indexedDB.databases?.();
  if (known && !known.some((database) => database.name === name)) return;
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}

function open(name: string, objectStores: string[], onClose: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () =>
      objectStores.forEach((store) => request.result.createObjectStore(store));
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('another tab blocks the database'));
    request.onsuccess = () => {
      const db = request.result;
      db.onversionchange = () => {
        db.close();
        onClose();
      };
      db.onclose = onClose;
      resolve(db);
    };
  });
}

function finish<T>(act: Act<T>, transaction: IDBTransaction): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = act(transaction);
    transaction.oncomplete = () => resolve(done.result);
    transaction.onabort = () => reject(transaction.error);
  });
}
