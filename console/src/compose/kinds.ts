/** What a crew is read from, by the names of files. */
export const CREW_FILE = /\.(ya?ml|json[c5]?|py)$|(^|\/)pyproject\.toml$/i;

/** The same for a picker of files, which knows endings only. */
export const ENDINGS = ".yaml,.yml,.json,.jsonc,.json5,.py,.toml";
