import { Session } from 'node:inspector';
import { StackLooks } from './stack-looks.ts';

/** Where the main thread of this process is, in words; to be asked by another one. Never rejects; says why when there is no stack. */
export async function stackOfMainThread(): Promise<string> {
  const session = new Session();
  try {
    session.connectToMainThread();
    const looks = new StackLooks(
      (method) =>
        new Promise((resolve, reject) => {
          session.post(method, (error) => (error === null ? resolve() : reject(error)));
        }),
    );
    session.on('inspectorNotification', ({ method, params }) => looks.heard(method, params));
    return await looks.inWords();
  } catch (error) {
    return `    (no stack: ${String(error)})`;
  } finally {
    session.disconnect();
  }
}
