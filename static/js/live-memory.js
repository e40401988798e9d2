// What a stream that is open already has told: the newest event of each row, for pages that come later.

const ID = /^(pf-[0-9a-f]{8}):(\d+)$/;

function split(id) {
  const [, epoch, revision] = ID.exec(id) ?? ["", "", "0"];
  return { epoch, revision: Number(revision) };
}

export class LiveMemory {
  // `lastEventId`: where the stream started. What was before it is not told again, and only the server knows it.
  constructor(lastEventId) {
    this.start = split(lastEventId);
    this.newest = new Map();
    this.structural = new Map();
  }

  add(event) {
    const row = event.serial === undefined ? `job ${event.id}` : `printer ${event.serial}`;
    this.newest.set(row, event);
    if (event.type !== "progress") this.structural.set(row, event.revision);
  }

  // Returns what a page that knows everything up to `lastEventId` has missed; null if only the server can tell.
  since(lastEventId) {
    const { epoch, revision } = split(lastEventId);
    if (epoch !== this.start.epoch || revision < this.start.revision) return null;
    return [...this.newest]
      .filter(([, event]) => event.revision > revision)
      .sort(([, one], [, other]) => one.revision - other.revision)
      .map(([row, event]) => (event.type === "progress" && this.structural.get(row) > revision ? { ...event, type: "job" } : event));
  }
}
