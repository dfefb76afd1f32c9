/** @file The elements of `@vscode-elements/elements` that the page uses; nothing else imports them. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-option/index.js';
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';

// A button of the library acts on Space but lets the page scroll, too.
document.addEventListener('keydown', (event) => {
  if (event.key === ' ' && event.target instanceof Element && event.target.localName === 'vscode-button') event.preventDefault();
});
