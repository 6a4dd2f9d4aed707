import { type Bus, type Clock, parseOnce } from '#actors';
import {
  type NodeId,
  type Observation,
  type ReceivedObservation,
  readObservation,
  type SeenBy,
  seenBy,
} from '#machines';

const SUBJECT = 'observations';
/** Not a schema's `transform`: what that makes on the way outlives the message by far, at every heartbeat of every node. */
const readSeenBy = parseOnce<SeenBy>({
  safeParse: (payload) => {
    const read = readObservation(payload);
    return read.success ? { success: true, data: seenBy(read.data) } : read;
  },
});

/** One a node, changed in place: they come from every node each interval. */
type Kept = { -readonly [Field in keyof ReceivedObservation]: ReceivedObservation[Field] };

/** Publishes what this node sees and keeps the latest observation of every node; late and duplicate ones are dropped. */
export class Observations {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #byObserver = new Map<NodeId, Kept>();
  /** The same in the order of their names: so judgements, which name them in order, need not sort. */
  #latest: readonly Kept[] = [];
  readonly #leave: () => void;

  constructor(bus: Bus, clock: Clock, onRefused: (error: unknown) => void) {
    this.#bus = bus;
    this.#clock = clock;
    this.#leave = bus.subscribe(`${SUBJECT}.>`, (payload) => {
      const parsed = readSeenBy(payload);
      if (parsed.success) this.#receive(parsed.data);
      else onRefused(parsed.error);
    });
  }

  /** The own observation counts at once, also when messaging is down. */
  publish(observation: Observation): void {
    this.#receive(seenBy(observation));
    this.#bus.publish(`${SUBJECT}.${observation.observer}`, observation);
  }

  /** Of every node, the latest at this instant: not to be kept. */
  get latest(): readonly ReceivedObservation[] {
    return this.#latest;
  }

  stop(): void {
    this.#leave();
  }

  #receive({ observation, slots, beats }: SeenBy): void {
    const { observer } = observation;
    const receivedAtMs = this.#clock.nowMs();
    const known = this.#byObserver.get(observer);
    if (known === undefined) {
      const kept = { observation, slots, beats, receivedAtMs };
      this.#byObserver.set(observer, kept);
      this.#latest = [...this.#latest, kept].sort((a, b) => (a.observation.observer < b.observation.observer ? -1 : 1));
    } else if (isNewer(observation, known.observation)) {
      known.observation = observation;
      known.slots = slots;
      known.beats = beats;
      known.receivedAtMs = receivedAtMs;
    }
  }
}

function isNewer(a: Observation, b: Observation): boolean {
  return a.incarnation > b.incarnation || (a.incarnation === b.incarnation && a.sequence > b.sequence);
}
