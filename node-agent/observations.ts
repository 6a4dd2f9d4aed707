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

/** An observation as it is sent: with the sign that its observer lives, so that a node says both at once. */
interface Told extends SeenBy {
  readonly lifeSign: string | undefined;
}

/** Not a schema's `transform`: what that makes on the way outlives the message by far, at every heartbeat of every node. */
const readTold = parseOnce<Told>({
  safeParse: (payload) => {
    const read = readObservation(payload);
    if (!read.success) return read;
    const { observation, slots, beats } = seenBy(read.data);
    return { success: true, data: { observation, slots, beats, lifeSign: lifeSignIn(payload) } };
  },
});

function lifeSignIn(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !('lifeSign' in payload)) return undefined;
  return typeof payload.lifeSign === 'string' ? payload.lifeSign : undefined;
}

export interface ObservationsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** A node's observation brought the sign that it lives. */
  readonly onLifeSign: (node: NodeId, lifeSign: string) => void;
  readonly onRefused: (error: unknown) => void;
}

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

  constructor({ bus, clock, onLifeSign, onRefused }: ObservationsOptions) {
    this.#bus = bus;
    this.#clock = clock;
    this.#leave = bus.subscribe(`${SUBJECT}.>`, (payload) => {
      const read = readTold(payload);
      if (!read.success) return onRefused(read.error);
      const { observation, lifeSign } = read.data;
      this.#receive(read.data);
      if (lifeSign !== undefined) onLifeSign(observation.observer, lifeSign);
    });
  }

  /** The own observation counts at once, also when messaging is down. `lifeSign`: taken along to all. */
  publish(observation: Observation, lifeSign: string | undefined): void {
    this.#receive(seenBy(observation));
    const told = lifeSign === undefined ? observation : { ...observation, lifeSign };
    this.#bus.publish(`${SUBJECT}.${observation.observer}`, told);
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
