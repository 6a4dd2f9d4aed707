import { connect } from 'node:net';
import { LabError } from './lab-error.ts';
import { type LineHandler, LinePeer } from './line-peer.ts';

/** Connects to the running lab. Throws `LabError` when none runs. */
export function connectControl(path: string, handler: LineHandler = refuse): Promise<LinePeer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(new LinePeer(socket, handler)));
    socket.once('error', () => reject(new LabError('no lab runs here: start one with "npm run lab"')));
  });
}

async function refuse(verb: string): Promise<never> {
  throw new Error(`this side answers nothing, not ${verb}`);
}
