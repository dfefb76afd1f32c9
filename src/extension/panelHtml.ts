/** @file The HTML around a page in a webview: a content security policy that lets in this extension's own files and nothing else. */

/** The pages: bundles of webview/. */
export type PageName = 'panel' | 'answers' | 'tryIt';

export interface PanelFiles {
  readonly script: string;
  readonly style: string;
  /** Codicons; their font lies beside them. */
  readonly icons: string;
}

/**
 * @param files addresses as the page sees them
 * @param source what the policy calls the place that they come from
 * @param nonce a new one for each page
 */
export function panelHtml({ script, style, icons }: PanelFiles, source: string, nonce: string): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source}`,
    `font-src ${source}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tandem</title>
    <link rel="stylesheet" href="${icons}" id="vscode-codicon-stylesheet">
    <link rel="stylesheet" href="${style}">
  </head>
  <body>
    <div id="page"></div>
    <script type="module" nonce="${nonce}" src="${script}"></script>
  </body>
</html>
`;
}
