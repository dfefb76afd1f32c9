/** @file A tool's answer or error, as the protocol has it. Text of other people is made visible here: the client may show it in a terminal. */
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { describeError, TandemError } from '../errors.ts';
import { visible } from '../plain.ts';
import { explainedError } from '../run/record/fileErrors.ts';
import type { Tool, ToolContext } from './tool.ts';

/** @param onTrouble hears of errors that are nobody's but Tandem's */
export async function callTool(
  tool: Tool,
  input: unknown,
  context: ToolContext,
  onTrouble: (error: unknown) => void,
): Promise<CallToolResult> {
  try {
    const { text, data } = await tool.answer(input, context);
    return { content: [{ type: 'text', text: visible(text) }], structuredContent: { ...data } };
  } catch (thrown) {
    const error = explainedError(thrown);
    if (error instanceof TandemError) return failed(describeError(error), error);
    if (!context.signal.aborted) onTrouble(error);
    return failed(`A bug in Tandem: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Structured content would have to match the tool's output, so what a program can branch on stands beside it. */
function failed(text: string, error?: TandemError): CallToolResult {
  const detail = error && { reason: error.reason, message: error.message, where: error.where, hint: error.hint };
  return { isError: true, content: [{ type: 'text', text: visible(text) }], ...(detail && { _meta: { [errorKey]: detail } }) };
}

/** Where a client finds the reason, the message, the place and the hint of an error. */
export const errorKey = 'tandem/error';
