/**
 * Why locks on that path bind this host only, undefined when nothing says so: an executed probe on one host cannot see
 * it. `mountInfo` is the text of /proc/self/mountinfo, `path` absolute and free of links.
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
  if (mount === undefined) return undefined;
  const { type, options } = mount;
  const guilty = options.find((option) => LOCAL.get(type)?.includes(option));
  return guilty === undefined ? undefined : `${mount.point} (${type}) is mounted with ${guilty}`;
}

/** Mount options under which byte-range locks never leave the host. */
const NFS = ['nolock', 'local_lock=all', 'local_lock=posix'];
const SMB = ['nobrl', 'nolock'];
const LOCAL: ReadonlyMap<string, readonly string[]> = new Map([
  ['nfs', NFS],
  ['nfs4', NFS],
  ['cifs', SMB],
  ['smb3', SMB],
  ['ocfs2', ['localflocks']],
  ['gfs2', ['localflocks', 'lockproto=lock_nolock']],
]);
