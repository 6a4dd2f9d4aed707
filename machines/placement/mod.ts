export { place, placeAll } from './place.ts';
export {
  type Inventory,
  type PlacedVm,
  type Placement,
  type PlacementNode,
  type PlacementRequest,
  type Rejection,
  type Rule,
  ruleSchema,
} from './types.ts';
