export { mayReturnTo } from './apart-already.ts';
export type { Move } from './bundle-moves.ts';
export { bundlesOf } from './bundles.ts';
export { contradictionsOf } from './contradictions.ts';
export { type MovePlan, planMoves } from './moves.ts';
export { place, placeAll } from './place.ts';
export {
  type Inventory,
  type LeasedVm,
  type Newcomer,
  type PlacedVm,
  type Placement,
  type PlacementNode,
  type PlacementRequest,
  type Rejection,
  type Rule,
  ruleSchema,
} from './types.ts';
export { planUserMove } from './user-move.ts';
