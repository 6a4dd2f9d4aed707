import type { StepRecord } from '#actors';
import { recordOf, type Watch, type Watcher } from './watcher.ts';

/** What was sent later than this before the end may still be under way. */
const UNDER_WAY_SECONDS = 60;

/** Numbers of messages begin anew, at a multiple of this, when a sender no longer knows its last one. */
const RUN = 2 ** 20;

interface Sent {
  readonly sequence: number;
  readonly atSeconds: number;
}

/**
 * Every message is applied once: the steps of an actor follow each other, each takes the next message of its sender or
 * none, and at the end whatever was sent has been taken.
 */
export function messagesOnce({ violate, world, nowSeconds }: Watch): Watcher {
  const last = new Map<string, StepRecord>();
  const underWay = new Map<string, Sent[]>();
  const external = new Map<string, Set<string>>();
  let lastEvent = 0;
  const broken = (why: string) => violate('no message is lost or applied twice', why);
  const between = (from: string, to: string): Sent[] => {
    const known = underWay.get(`${from} ${to}`) ?? [];
    underWay.set(`${from} ${to}`, known);
    return known;
  };

  function noteSent(step: StepRecord, before: StepRecord | undefined): void {
    for (const [to, sequence] of Object.entries(step.sent)) {
      const known = before?.sent[to];
      if (sequence === known) continue;
      const sameRun = known !== undefined && Math.floor(known / RUN) === Math.floor(sequence / RUN);
      for (let next = sameRun ? known + 1 : sequence - (sequence % RUN) + 1; next <= sequence; next += 1) {
        between(step.address, to).push({ sequence: next, atSeconds: nowSeconds() });
      }
    }
  }

  function noteTaken(step: StepRecord, before: StepRecord | undefined): void {
    for (const [from, cursor] of Object.entries(step.cursors)) {
      if (cursor === before?.cursors[from]) continue;
      const wanted = between(from, step.address).shift()?.sequence;
      if (cursor !== wanted) broken(`${step.address} took message ${cursor} of ${from}, its next was ${wanted}`);
    }
  }

  /**
   * Each message from outside is in `recent` from the step on that took it, as the last. It is asked of each step, not of
   * what is new in `recent`: an id that is there already, or that fell out of it, may be taken once more. Nor is anything
   * forgotten when an actor ends: what the old one took is not for the new one.
   */
  function noteTakenFromOutside(step: StepRecord, before: StepRecord | undefined): void {
    const last = step.recent.at(-1);
    const takes = takesFromOutside(step);
    if (last === undefined || (!takes && last === before?.recent.at(-1))) return;
    const taken = external.get(step.address) ?? new Set<string>();
    external.set(step.address, taken);
    const known = new Set(before?.recent);
    const fresh = step.recent.filter((id, i) => !known.has(id) || step.recent.indexOf(id) !== i);
    for (const id of new Set(takes ? [...fresh, last] : fresh)) {
      if (taken.has(id)) broken(`${step.address} applied ${id} twice`);
      taken.add(id);
    }
  }

  return {
    happens: () => {
      lastEvent = nowSeconds();
    },
    committed: (entry) => {
      const step = recordOf(entry);
      const before = last.get(step.address);
      last.set(step.address, step);
      if (step.step !== (before?.step ?? 0) + 1) {
        broken(`${step.address}: step ${step.step} follows ${before?.step ?? 'nothing'} (a stale commit)`);
      }
      noteSent(step, before);
      noteTaken(step, before);
      noteTakenFromOutside(step, before);
    },
    atEnd: () => {
      const { hosts, messaging } = world();
      const reached = [...hosts.values()].some((host) => host.alive && host.booted && messaging.isServing(host));
      if (!reached || nowSeconds() - lastEvent < UNDER_WAY_SECONDS) return;
      for (const [pair, waiting] of underWay) {
        const [first] = waiting;
        if (first === undefined || nowSeconds() - first.atSeconds < UNDER_WAY_SECONDS) continue;
        const [from, to = ''] = pair.split(' ');
        if (last.get(to)?.status !== 'parked') broken(`${to} never took message ${first.sequence} of ${from}`);
      }
    },
  };
}

/** One at which its actor parks takes nothing: the message comes again. Nor does one by which an actor is forgotten. */
function takesFromOutside({ cause, status, outcome }: StepRecord): boolean {
  if (cause.kind !== 'message' || !cause.from.startsWith('external:')) return false;
  return cause.event.type !== 'actor.forget' && !(status === 'parked' && outcome === 'failed');
}

/** An actor that waits for a person: none may be left when all faults are gone. */
export function nobodyParked({ violate }: Watch): Watcher {
  const parked = new Map<string, string>();
  return {
    committed: (entry) => {
      const { address, status, parked: why } = recordOf(entry);
      if (status === 'parked') parked.set(address, why?.reason ?? 'no reason');
      else parked.delete(address);
    },
    atEnd: () => {
      for (const [address, why] of parked) violate('no actor waits for a person', `${address} is parked: ${why}`);
    },
  };
}
