// Registers the service worker that keeps the page working offline, and shows both states.

const WORKER = './sw.js';

export function keepWorkingOffline({ ready, offline }) {
  const showConnection = () => {
    offline.hidden = navigator.onLine;
  };
  addEventListener('online', showConnection);
  addEventListener('offline', showConnection);
  showConnection();
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.ready.then(() => {
    ready.hidden = false;
  });
  navigator.serviceWorker.register(trustedWorkerUrl()).catch((error) => {
    console.info(`The page will not work offline: ${error.message}`);
  });
}

/** Under Trusted Types a script URL must come from a policy; this one knows a single URL. */
function trustedWorkerUrl() {
  const { trustedTypes } = globalThis;
  if (!trustedTypes) return WORKER;
  return trustedTypes
    .createPolicy('attune-worker', { createScriptURL: () => WORKER })
    .createScriptURL('');
}
