/** @file The seven linears of a layer, by Hugging Face's names. */

export const attentionLinears = ['q_proj', 'k_proj', 'v_proj', 'o_proj'] as const;
export const mlpLinears = ['gate_proj', 'up_proj', 'down_proj'] as const;

/** In the order in which a layer's weights and adapters are listed. */
export const linearNames = [...attentionLinears, ...mlpLinears] as const;
export type LinearName = (typeof linearNames)[number];

export const isLinearName = (name: string): name is LinearName => (linearNames as readonly string[]).includes(name);

/** The part of a layer that a linear belongs to. */
export const blockOf = (linear: LinearName): 'self_attn' | 'mlp' =>
  (attentionLinears as readonly string[]).includes(linear) ? 'self_attn' : 'mlp';
