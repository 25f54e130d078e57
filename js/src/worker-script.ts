// What runs in the worker of attune/worker.
import { load } from './index.js';
import { serve } from './worker-host.js';
import type { WorkerEnd } from './worker-methods.js';

serve(globalThis as unknown as WorkerEnd, load);
