// Which nix-archiver program is started: the one that the settings name, else the one on PATH (a
// project's own development shell, say), else the one that came with the extension.
//
// No VS Code here, so that plain tests can hold this to its word.

import { realpathSync } from 'node:fs';
import * as path from 'node:path';

/** Where a server program was found. */
export type Origin = 'setting' | 'PATH' | 'bundled';

/** A server program that has said which version it is. */
export interface Server {
  command: string;
  origin: Origin;
  version: string;
}

/** What the search goes by. */
export interface Places {
  /** The setting `nix-archiver.server.path`, or an empty text. */
  setting: string;
  /** What `${workspaceFolder}` in that setting stands for, if a folder is open. */
  workspaceFolder: string | undefined;
  /** What `~` stands for. */
  home: string;
  /** The value of the environment variable PATH. */
  searchPath: string;
  /** The program that the extension carries; it need not be there. */
  bundled: string;
  /** `process.platform`. */
  platform: NodeJS.Platform;
  /** Folders that nobody vouches for: no program is started from within them. */
  untrusted: readonly string[];
}

/** What the search may ask of the machine. */
export interface Machine {
  /** Whether there is a file that may be run. */
  isProgram(file: string): Promise<boolean>;
  /** The version that the program gives; rejects with a reason if it is not a working server. */
  versionOf(program: string): Promise<string>;
}

/** No working server program. The message says what was tried, why it was not taken, what to do. */
export class ServerNotFound extends Error {
  constructor(tried: readonly string[], advice: string) {
    super([...tried, advice].join(' '));
    this.name = 'ServerNotFound';
  }
}

/**
 * Finds the server program. One that the settings name is taken or refused: another program is
 * never started in its place without a word.
 */
export async function locate(places: Places, machine: Machine): Promise<Server> {
  if (places.setting.trim() !== '') return await fromSetting(places, machine);
  const tried: string[] = [];
  const onPath = await findOnPath(places, machine);
  if (onPath === undefined) tried.push(`There is no ${programName(places.platform)} on PATH.`);
  const candidates: [Origin, string | undefined][] = [
    ['PATH', onPath],
    ['bundled', places.bundled],
  ];
  for (const [origin, command] of candidates) {
    if (command === undefined) continue;
    if (!(await machine.isProgram(command))) {
      tried.push('This build of the extension carries no server program.');
      continue;
    }
    try {
      return { command, origin, version: await machine.versionOf(command) };
    } catch (error) {
      tried.push(`${command} (${origin}) does not work: ${reason(error)}.`);
    }
  }
  throw new ServerNotFound(tried, 'Install nix-archiver, or name the program in the settings.');
}

async function fromSetting(places: Places, machine: Machine): Promise<Server> {
  const command = expand(places.setting.trim(), places);
  const refuse = (why: string) =>
    new ServerNotFound(
      [`The setting nix-archiver.server.path names ${command}, which ${why}.`],
      'Correct the setting, or empty it to have the program looked for.',
    );
  if (!path.isAbsolute(command)) throw refuse('is not an absolute path');
  if (isWithin(command, places.untrusted)) {
    throw refuse('is in a folder that is not trusted, so that it is not started');
  }
  if (!(await machine.isProgram(command))) throw refuse('is not a file that may be run');
  try {
    return { command, origin: 'setting', version: await machine.versionOf(command) };
  } catch (error) {
    throw refuse(`does not work: ${reason(error)}`);
  }
}

/** A path as people write it in settings, with `~` and `${workspaceFolder}` filled in. */
export function expand(
  text: string,
  places: Pick<Places, 'home' | 'workspaceFolder'>,
): string {
  const home = text === '~' || text.startsWith('~/') ? places.home + text.slice(1) : text;
  return places.workspaceFolder === undefined
    ? home
    : home.replaceAll('${workspaceFolder}', places.workspaceFolder);
}

// A relative entry of PATH means the current folder, which may be one that nobody vouches for.
async function findOnPath(places: Places, machine: Machine): Promise<string | undefined> {
  const separator = places.platform === 'win32' ? ';' : ':';
  for (const folder of places.searchPath.split(separator)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, programName(places.platform));
    if (isWithin(file, places.untrusted)) continue;
    if (await machine.isProgram(file)) return file;
  }
  return undefined;
}

// By the text of the paths, and by where links lead: a link into the folder is no way around.
function isWithin(file: string, folders: readonly string[]): boolean {
  const inside = (child: string, folder: string) => {
    const way = path.relative(folder, child);
    return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
  };
  return folders.some(folder => inside(file, folder) || inside(real(file), real(folder)));
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // What is not there leads nowhere.
    return file;
  }
}

/** The program's file name. */
export function programName(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'nix-archiver.exe' : 'nix-archiver';
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
