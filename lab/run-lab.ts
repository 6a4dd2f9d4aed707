import { playDemo } from './demo.ts';
import { Lab } from './lab.ts';
import { forPeople, isForPeople } from './lab-error.ts';
import { labFolder } from './lab-folder.ts';
import { defaultPlan } from './lab-plan.ts';
import { LabScreen } from './lab-screen.ts';

export interface RunLabOptions {
  readonly demo: boolean;
  /** First of the three ports on which NATS listens; free ones when undefined. */
  readonly port: number | undefined;
}

/**
 * `npm run lab`: starts the cluster, shows it until Ctrl-C or `lab down`, takes it down. With `demo` it cuts one node's
 * power instead and ends. Resolves with the exit status: 2 for what the user can mend, said in one line. Afterwards the
 * process must end: what was waited for during a start may still be waited for.
 */
export async function runLab({ demo, port }: RunLabOptions): Promise<number> {
  const beganMs = performance.now();
  const screen = new LabScreen(process.stdout);
  let ending = false;
  const say = (line: string): void => {
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    if (!screen.isLive && !ending) screen.line(line === '' ? '' : `${seconds.padStart(6)} s  ${line}`);
  };
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(130));
  });
  let lab: Lab | undefined;
  try {
    lab = new Lab({ folder: labFolder(), plan: defaultPlan(), port, say });
    const asked = Promise.race([interrupted, lab.asked.then(() => 0)]);
    return await Promise.race([live(lab, demo, screen, say), asked]);
  } catch (error) {
    if (!isForPeople(error)) throw error;
    screen.end();
    console.error(`understudy: ${forPeople(error)}`);
    return 2;
  } finally {
    screen.end();
    if (lab !== undefined) {
      say('taking everything down');
      ending = true; // a start that is cut off has steps to say yet
      await lab.end();
    }
  }
}

async function live(lab: Lab, demo: boolean, screen: LabScreen, say: (line: string) => void): Promise<number> {
  await lab.start();
  await lab.startVms();
  say(`the cluster runs: ${lab.status().vms.length} VMs have booted`);
  if (demo) return (await playDemo(lab, say)) ? 0 : 1;
  screen.live(() => lab.status());
  return await new Promise(() => undefined); // until somebody ends it
}
