// What the index knows of the packages that are pinned, asked once for as long as the index stays
// the same.

import { samePath } from './attrPath';
import type { Questions, Release } from './server/questions';

/** What is shown of a package. */
export interface Facts {
  /** Its newest stable version. */
  newest: string;
  aliasOf: string | null;
  /** Its versions, newest first. */
  releases: Release[];
}

/** Remembers answers. */
export class FactsMemory {
  private readonly known = new Map<string, Promise<Facts | undefined>>();
  private index = '';

  constructor(private readonly questions: Questions) {}

  /** Forgets everything if the index is not the one that was asked before. */
  isFrom(index: string): void {
    if (index !== this.index) this.known.clear();
    this.index = index;
  }

  /** What is known of a package; undefined if the index has never seen it. */
  of(path: string): Promise<Facts | undefined> {
    const known = this.known.get(path);
    if (known !== undefined) return known;
    const asked = this.ask(path);
    this.known.set(path, asked);
    // A refusal is no answer: the next one may be.
    asked.catch(() => this.known.delete(path));
    return asked;
  }

  private async ask(path: string): Promise<Facts | undefined> {
    const [found, versions] = await Promise.all([
      // Text order has the path itself first among those that begin with it.
      this.questions.search(path, 5),
      this.questions.versions(path),
    ]);
    const summary = found.find(package_ => samePath(package_.name, path));
    if (versions === null || summary === undefined) return undefined;
    return { newest: summary.newest, aliasOf: versions.aliasOf, releases: versions.releases };
  }
}

/** The release with a version. */
export function release(facts: Facts, version: string): Release | undefined {
  return facts.releases.find(release => release.version === version);
}

/** Whether the newest version is above this one. */
export function hasNewer(facts: Facts, version: string): boolean {
  const place = (wanted: string) => facts.releases.findIndex(release => release.version === wanted);
  const [newest, now] = [place(facts.newest), place(version)];
  return newest >= 0 && now >= 0 && newest < now;
}
