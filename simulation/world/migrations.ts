import type { VmId } from '#machines';
import type { HypervisorError } from '#ports';
import type { SimHost } from './host.ts';
import { Migration, type MigrationOptions, type MigrationRequest } from './migration.ts';

/** Those that are under way, so that they can be aborted. */
export class Migrations {
  /** By the host that is left, its boot and VM. */
  readonly #underWay = new Map<string, Migration>();
  readonly #options: MigrationOptions;

  constructor(options: MigrationOptions) {
    this.#options = options;
  }

  begin(request: MigrationRequest, end: (error?: HypervisorError) => void): void {
    const key = keyOf(request.host, request.vm);
    const migration = new Migration(this.#options, request, (error) => {
      this.#underWay.delete(key);
      end(error);
    });
    this.#underWay.set(key, migration);
    migration.begin();
  }

  /** What migrates away from there fails, unless it has arrived. */
  abort(host: SimHost, vm: VmId): void {
    this.#underWay.get(keyOf(host, vm))?.abort();
  }
}

function keyOf(host: SimHost, vm: VmId): string {
  return `${host.name}/${host.boots}/${vm}`;
}
