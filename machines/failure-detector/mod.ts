export { type DetectorInput, detect, type Judgement, type Verdict, verdicts } from './detect.ts';
export { type Observation, observationSchema, readObservation } from './observation.ts';
export { type ReceivedObservation, type SeenBy, seenBy } from './seen-by.ts';
