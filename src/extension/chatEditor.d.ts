/** @file What editors have for models of extensions since VS Code 1.104. The editor's types are those of the oldest version that Tandem supports. */
import 'vscode';

declare module 'vscode' {
  interface LanguageModelChatInformation {
    readonly id: string;
    readonly name: string;
    readonly family: string;
    readonly version: string;
    readonly tooltip?: string;
    readonly detail?: string;
    readonly maxInputTokens: number;
    readonly maxOutputTokens: number;
    readonly capabilities: Readonly<Record<string, boolean>>;
    /** Without it, the picker of the chat leaves a model out until the user has chosen it once. */
    readonly isUserSelectable?: boolean;
  }
  interface LanguageModelChatProvider {
    readonly onDidChangeLanguageModelChatInformation: Event<void>;
    readonly provideLanguageModelChatInformation: () => Promise<LanguageModelChatInformation[]>;
    readonly provideLanguageModelChatResponse: (
      model: LanguageModelChatInformation,
      messages: readonly { readonly role: LanguageModelChatMessageRole; readonly content: readonly unknown[] }[],
      options: object,
      progress: Progress<LanguageModelTextPart>,
      token: CancellationToken,
    ) => Promise<void>;
    readonly provideTokenCount: (
      model: LanguageModelChatInformation,
      text: string | { readonly content: readonly unknown[] },
    ) => Promise<number>;
  }
  namespace lm {
    const registerLanguageModelChatProvider: ((vendor: string, provider: LanguageModelChatProvider) => Disposable) | undefined;
  }
}
