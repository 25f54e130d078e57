// Where the page's visits go to. Nowhere: everything stays on the device. With `run.sh --live` this
// file says { endpoint, trackingId, publicKey, pollSeconds } of the collector beside the page.

export const live = null;
