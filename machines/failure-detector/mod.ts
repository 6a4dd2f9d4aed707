export { type DetectorInput, detect, type Judgement, type Verdict, verdicts } from './detect.ts';
export { type Observation, observationSchema, type ReceivedObservation } from './observation.ts';
