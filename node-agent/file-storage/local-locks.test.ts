import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { localLocks } from './local-locks.ts';

const mountInfo = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:40 / /srv/ha rw,relatime shared:9 - nfs4 filer:/ha rw,vers=4.2,hard,proto=tcp,local_lock=none
41 22 0:41 / /srv/old rw,relatime - nfs filer:/old rw,vers=3,nolock,proto=tcp,local_lock=all
42 22 0:42 / /srv/old/inner rw - ext4 /dev/vdb rw
43 22 0:43 / /srv/with\\040space rw - cifs //filer/x rw,vers=3.1.1,nobrl
44 22 0:44 / /srv/posix rw - nfs filer:/p rw,vers=3,local_lock=posix
45 22 0:45 / /srv/flock rw - nfs filer:/p rw,vers=3,local_lock=flock
47 22 0:47 / /srv/sshfs rw - fuse.sshfs host:/x rw
48 22 0:48 / /srv/virtiofs rw - virtiofs tag rw
46 22 0:46 / /srv/posix rw - ext4 /dev/vdc rw
`;

test.each([
  ['/srv/old/area', '/srv/old (nfs) is mounted with nolock'],
  ['/var/area', '/ is ext4'],
  ['/srv/old/inner/area', '/srv/old/inner is ext4'],
  ['/srv/older/area', '/ is ext4'],
  ['/srv/posix/area', '/srv/posix is ext4'],
  ['/srv/sshfs/area', '/srv/sshfs is fuse.sshfs'],
  ['/srv/virtiofs/area', '/srv/virtiofs is virtiofs'],
  ['/srv/with space/area', '/srv/with space (cifs) is mounted with nobrl'],
])('%s is refused', (path, why) => {
  expect(localLocks(mountInfo, path)).toBe(why);
});

test.each([
  ['NFS with locks at the server', '/srv/ha/area'],
  ['only flock kept local: OFD locks are not', '/srv/flock/area'],
])('%s passes', (_, path) => {
  expect(localLocks(mountInfo, path)).toBeUndefined();
});

test('this host can be read', () => {
  expect(localLocks(readFileSync('/proc/self/mountinfo', 'utf8'), '/')).toMatch(/^\/ is /);
});
