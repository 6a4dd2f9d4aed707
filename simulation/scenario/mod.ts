export { ScenarioInvalid, ScenarioNotBuilt, type ScenarioProblem } from './errors.ts';
export { EVENT_NAMES, type ScenarioEvent, type ScenarioEventName } from './events.ts';
export { isBuilt, refuseWhatIsNotBuilt } from './not-built.ts';
export { checkScenario, parseScenario } from './parse.ts';
export { readScenarioFile } from './read-file.ts';
export type { Scenario, ScenarioInput, ScenarioRule, ScenarioSettings } from './schema.ts';
