export { fuzz } from './fuzz/fuzz.ts';
export { failureOf, type SeedOutcome, shrinkFailure } from './fuzz/fuzz-seed.ts';
export { DEFAULT_SHAPE, type FuzzShape, randomScenario } from './fuzz/random-scenario.ts';
export { journalsOf } from './run/journals.ts';
export { withoutRealTime } from './run/no-real-time.ts';
export { type Build, play } from './run/play.ts';
export { productionBuild } from './run/production.ts';
export type { Recovery, ScenarioResult, TimelineEntry, Violation } from './run/result.ts';
export * from './scenario/mod.ts';
