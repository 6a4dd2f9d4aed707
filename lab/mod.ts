export { connectControl } from './control-client.ts';
export { LabError } from './lab-error.ts';
export { labFolder } from './lab-folder.ts';
export { type LabStatus, labStatus } from './lab-status.ts';
export { type LinePeer, PeerGone } from './line-peer.ts';
export { renderStatus } from './render-status.ts';
export { runLab } from './run-lab.ts';
export { runScenarios } from './scenario/run-scenarios.ts';
