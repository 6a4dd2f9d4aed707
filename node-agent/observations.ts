import { type Bus, type Clock, parseOnce } from '#actors';
import {
  type NodeId,
  type Observation,
  observationSchema,
  type ReceivedObservation,
  type SeenBy,
  seenBy,
} from '#machines';

const SUBJECT = 'observations';
const readObservation = parseOnce(observationSchema.transform(seenBy));

/** Publishes what this node sees and keeps the latest observation of every node; late and duplicate ones are dropped. */
export class Observations {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #latest = new Map<NodeId, ReceivedObservation>();
  readonly #leave: () => void;

  constructor(bus: Bus, clock: Clock, onRefused: (error: unknown) => void) {
    this.#bus = bus;
    this.#clock = clock;
    this.#leave = bus.subscribe(`${SUBJECT}.>`, (payload) => {
      const parsed = readObservation(payload);
      if (parsed.success) this.#receive(parsed.data);
      else onRefused(parsed.error);
    });
  }

  /** The own observation counts at once, also when messaging is down. */
  publish(observation: Observation): void {
    this.#receive(seenBy(observation));
    this.#bus.publish(`${SUBJECT}.${observation.observer}`, observation);
  }

  get latest(): readonly ReceivedObservation[] {
    return [...this.#latest.values()];
  }

  stop(): void {
    this.#leave();
  }

  #receive(seen: SeenBy): void {
    const { observation, slots, beats } = seen;
    const known = this.#latest.get(observation.observer)?.observation;
    if (known !== undefined && !isNewer(observation, known)) return;
    this.#latest.set(observation.observer, { observation, slots, beats, receivedAtMs: this.#clock.nowMs() });
  }
}

function isNewer(a: Observation, b: Observation): boolean {
  return a.incarnation > b.incarnation || (a.incarnation === b.incarnation && a.sequence > b.sequence);
}
