/**
 * Why locks on that path may bind this host only, undefined on file systems whose byte-range locks bind every host: an
 * executed probe on one host cannot see it, so only those known to are accepted. `mountInfo` is the text of /proc/self/mountinfo, `path` absolute and free of links.
 */
export function localLocks(mountInfo: string, path: string): string | undefined {
  let mount: { readonly point: string; readonly type: string; readonly options: readonly string[] } | undefined;
  for (const line of mountInfo.split('\n')) {
    const [before, after] = line.split(' - ');
    const point = before?.split(' ')[4];
    const [type, , superOptions = ''] = after?.split(' ') ?? [];
    if (before === undefined || point === undefined || type === undefined) continue;
    const plain = point.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const inside = path === plain || path.startsWith(plain === '/' ? '/' : `${plain}/`);
    // Of two mounts on one point the later hides the earlier.
    if (inside && plain.length >= (mount?.point.length ?? 0))
      mount = { point: plain, type, options: superOptions.split(',') };
  }
  if (mount === undefined) return 'its mount is not known';
  const { type, options } = mount;
  const local = LOCAL.get(type);
  if (local === undefined) return `${mount.point} is ${type}`;
  const guilty = options.find((option) => local.includes(option));
  return guilty === undefined ? undefined : `${mount.point} (${type}) is mounted with ${guilty}`;
}

/** File systems with byte-range locks between hosts, and the mount options under which these never leave the host. */
const NFS = ['nolock', 'local_lock=all', 'local_lock=posix'];
const SMB = ['nobrl', 'nolock'];
const LOCAL: ReadonlyMap<string, readonly string[]> = new Map([
  ['nfs', NFS],
  ['nfs4', NFS],
  ['cifs', SMB],
  ['smb3', SMB],
  ['ocfs2', ['localflocks']],
  ['ceph', []],
  ['fuse.glusterfs', []],
  ['gfs2', ['localflocks', 'lockproto=lock_nolock']],
]);
