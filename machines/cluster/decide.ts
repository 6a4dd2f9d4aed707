import { nodeId, type VmId } from '../ids.ts';
import {
  bundlesOf,
  contradictionsOf,
  type Inventory,
  type Move,
  mayReturnTo,
  placeAll,
  planMoves,
  planUserMove,
} from '../placement/mod.ts';
import {
  type Answer,
  type ClusterContext,
  type ClusterInventory,
  type Note,
  queued,
  type Request,
  type Reservation,
  toPlacement,
} from './context.ts';
import { withWay } from './make-way.ts';
import { inventoryFor, inventoryForMoves } from './occupied.ts';
import { overtakenBy } from './overtaken.ts';

/** Decides the batch, then a user's moves, then a review, all on one inventory and each seeing those before. Pure. */
export function decide(context: ClusterContext, inventory: ClusterInventory): ClusterContext {
  const begun = {
    ...context,
    armed: inventory.armed,
    armingNow: null,
    answers: [],
    moves: [],
    notes: armNotes(context, inventory),
    summoned: [],
  };
  const proved = withProofs(inventory, context.batch);
  const overtaken = overtakenBy(context, proved);
  if (overtaken.length > 0) return askedFirst(begun, overtaken);
  return review(grant(placeBatch(begun, proved), proved), proved);
}

/** The more important ones are told of the room, and those who asked wait for them a moment. */
function askedFirst(context: ClusterContext, overtaken: readonly VmId[]): ClusterContext {
  return {
    ...context,
    // What came meanwhile is newer.
    queue: context.queue.reduce<readonly Request[]>(queued, context.batch),
    wishes: [...context.granting, ...context.wishes],
    granting: [],
    summoned: overtaken,
    expected: [...new Set([...context.expected, ...overtaken])],
    // Once: whoever does not ask then has no claim left.
    roomless: context.roomless.filter((vm) => !overtaken.includes(vm)),
  };
}

/** Nobody is well: storage is gone for the whole cluster, or this host does not know yet. Nothing is decided (B3). */
export function isBlackout({ nodes }: Inventory): boolean {
  return !nodes.some(({ alive }) => alive);
}

function armNotes({ armed, armingNow }: ClusterContext, inventory: ClusterInventory): readonly Note[] {
  if (inventory.armed === armed && armingNow === null) return [];
  return inventory.armed
    ? [{ what: 'arm', why: 'HA is armed: what was missed is caught up' }]
    : [{ what: 'disarm', why: 'HA is disarmed: nothing is recovered, moved or fenced until it is armed' }];
}

/** A node of which somebody has a proof that still holds is not alive, whatever the failure detector says so far. */
function withProofs(inventory: ClusterInventory, batch: readonly Request[]): ClusterInventory {
  const proofs = batch.flatMap(({ evidence }) => evidence);
  if (proofs.length === 0) return inventory;
  const isDown = ({ node, slot }: ClusterInventory['nodes'][number]) =>
    proofs.some((proof) => {
      if (proof.node !== node) return false;
      if (slot === undefined) return true;
      if (slot.incarnation !== proof.incarnation) return slot.incarnation < proof.incarnation;
      return slot.sequence <= proof.sequence;
    });
  return { ...inventory, nodes: inventory.nodes.map((node) => (isDown(node) ? { ...node, alive: false } : node)) };
}

function placeBatch(context: ClusterContext, inventory: ClusterInventory): ClusterContext {
  const { batch } = context;
  const refused = inventory.armed ? [] : batch.filter(({ cause }) => cause !== 'user');
  const wanted = batch.filter((request) => !refused.includes(request));
  const asked = new Set<VmId>(batch.map(({ vm }) => vm));
  const kept = context.reservations.filter(({ vm }) => !asked.has(vm));
  const decisions = placeAll(
    inventoryFor(asked, inventory, kept),
    wanted.map((request) => {
      const returnTo = mayReturnTo(inventory, inventory.leased, asked, request.vm);
      return { ...toPlacement(request), ...(returnTo === undefined ? {} : { returnTo }) };
    }),
  );
  const answers: Answer[] = refused.map(({ job }) => ({ job, node: null, why: 'HA is disarmed', disarmed: true }));
  const fresh: Reservation[] = [];
  const nowhere: VmId[] = [];
  for (const { vm, node, why } of decisions) {
    const request = wanted.find((candidate) => candidate.vm === vm);
    if (request === undefined) continue;
    answers.push({ job: request.job, node: node ?? null, why, disarmed: false });
    if (node === undefined) nowhere.push(vm);
    else fresh.push(reservationOf(request, node));
  }
  const others = (list: readonly VmId[]) => list.filter((vm) => !asked.has(vm));
  return {
    ...context,
    answers,
    reservations: [...kept, ...fresh],
    waiting: [...others(context.waiting), ...nowhere],
    roomless: [...others(context.roomless), ...nowhere],
    // Its companions may make way.
    review: context.review || nowhere.some((vm) => bundlesOf(inventory.rules).of(vm).length > 1),
    held: [...others(context.held), ...refused.map(({ vm }) => vm)],
  };
}

function reservationOf(
  { vm, cpus, memoryMiB }: Pick<Request, 'vm' | 'cpus' | 'memoryMiB'>,
  node: Reservation['node'],
): Reservation {
  return { vm, node, cpus, memoryMiB, settled: false };
}

function busyIn({ reservations, queue, waiting, held }: ClusterContext): ReadonlySet<VmId> {
  return new Set([...reservations.map(({ vm }) => vm), ...queue.map(({ vm }) => vm), ...waiting, ...held]);
}

function withMoves(context: ClusterContext, { leased }: ClusterInventory, moves: readonly Move[]): ClusterContext {
  const fresh = moves.flatMap(({ vm, to }) => {
    const found = leased.find((candidate) => candidate.vm === vm);
    return found === undefined ? [] : [reservationOf(found, to)];
  });
  const notes = moves.map(({ vm, to, why }): Note => ({ what: 'plan', vm, about: to, why: `move to ${to}: ${why}` }));
  return {
    ...context,
    reservations: [...context.reservations, ...fresh],
    moves: [...context.moves, ...moves],
    makingWay: withWay(context.makingWay, moves),
    notes: [...context.notes, ...notes],
  };
}

function grant(context: ClusterContext, inventory: ClusterInventory): ClusterContext {
  let next = context;
  for (const { vm, to } of context.granting) {
    const known = inventory.nodes.some(({ node }) => node === to);
    const plan = known
      ? planUserMove(inventoryForMoves(inventory, next.reservations), inventory.leased, busyIn(next), {
          vm,
          to: nodeId(to),
        })
      : { refused: `there is no node ${to}` };
    if ('moves' in plan) next = withMoves(next, inventory, plan.moves);
    else
      next = {
        ...next,
        notes: [...next.notes, { what: 'refuse', vm, about: to, why: `move to ${to}: ${plan.refused}` }],
      };
  }
  return { ...next, granting: [] };
}

function review(context: ClusterContext, inventory: ClusterInventory): ClusterContext {
  if (!context.review) return context;
  const done = { ...context, review: false };
  if (!inventory.armed) return done;
  const wrong = contradictionsOf(inventory.rules, inventory.nodes);
  if (wrong.length > 0) return withStuck(done, { rules: `rules contradict each other: ${wrong.join('; ')}` });
  const roomless = new Set(done.roomless);
  const positions = inventoryForMoves(inventory, done.reservations);
  const plan = planMoves(positions, inventory.leased, busyIn(done), roomless, inventory.newcomers);
  const stuck = Object.fromEntries(plan.stuck.map(({ vm, why }) => [vm, why]));
  return withStuck(withMoves(done, inventory, plan.moves), stuck);
}

function withStuck(context: ClusterContext, stuck: Readonly<Record<string, string>>): ClusterContext {
  const news = Object.entries(stuck).filter(([vm, why]) => context.stuck[vm] !== why);
  const notes = news.map(([vm, why]): Note => ({ what: 'refuse', ...(vm === 'rules' ? {} : { vm }), why }));
  return { ...context, stuck, notes: [...context.notes, ...notes] };
}
