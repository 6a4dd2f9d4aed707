export { mayReturnTo } from './apart-already.ts';
export { bundlesOf } from './bundles.ts';
export { contradictionsOf } from './contradictions.ts';
export { type Move, type MovePlan, planMoves, planUserMove } from './moves.ts';
export { place, placeAll } from './place.ts';
export {
  type Inventory,
  type LeasedVm,
  type PlacedVm,
  type Placement,
  type PlacementNode,
  type PlacementRequest,
  type Rejection,
  type Rule,
  ruleSchema,
} from './types.ts';
