import { ofdLock } from './byte-range-lock.ts';
import { SectorFile } from './sector-file.ts';

/** For the tests: takes the lock of a sector, says so, and keeps it until killed. */
const [path, sector] = process.argv.slice(2);
if (path === undefined || sector === undefined) throw new Error('usage: test-holder PATH SECTOR');
const file = await SectorFile.open(path, ofdLock(), true);
if (!(await file.tryLock('exclusive', Number(sector), 1))) throw new Error('locked already');
process.stdout.write('held');
setInterval(() => file, 1000);
