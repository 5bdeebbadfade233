// How many files and sockets this process may have open: Node raises its soft limit to the hard one when it starts, and closes
// without a word what it can't hold.

interface ReportedLimits {
  readonly userLimits?: { readonly open_files?: { readonly soft: number | "unlimited" } };
}

/** The process's limit; undefined where there is none or it can't be seen. */
export function openFilesMax(): number | undefined {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  // Else it looks up the names of all addresses.
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as ReportedLimits;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}
