// A shell that is told a locale which the machine lacks warns of it on standard error, among the words of what it runs.

export const SHELL_ENVIRONMENT = { ...process.env, LC_ALL: "C" };
