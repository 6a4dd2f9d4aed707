import { productionBuild } from '../run/production.ts';
import { servePlays } from './serve-plays.ts';

servePlays(productionBuild);
