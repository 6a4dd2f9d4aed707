import { MemoryServer, MemoryTransport } from '#actors';
import { MemoryDatabase } from '../../database/memory-database.ts';
import { NodeProcess } from '../../node-agent/mod.ts';
import type { Build } from './play.ts';

/** The build that ships, on servers that live in memory behind the world's network. */
export const productionBuild: Build = {
  servers: (time) => ({
    transport: new MemoryTransport(
      new MemoryServer({ clock: { nowMs: () => time.now, after: (delayMs, fire) => time.after(delayMs, fire) } }),
    ),
    database: new MemoryDatabase(),
  }),
  createAgent: (options) => new NodeProcess(options),
};
