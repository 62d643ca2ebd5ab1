/** @file Hugging Face's config.json, as far as it tells what the shapes of a SAM model's tensors do not. */
import { z } from 'zod';
import { CheckpointError } from '../base/errors.ts';

/** The parts that matter here; all have defaults there. */
const hintsSchema = z.object({
  model_type: z.literal('sam').optional(),
  vision_config: z
    .object({
      hidden_size: z.number().optional(),
      num_hidden_layers: z.number().optional(),
      num_attention_heads: z.number().optional(),
      image_size: z.number().optional(),
      patch_size: z.number().optional(),
      window_size: z.number().optional(),
      global_attn_indexes: z.array(z.number()).optional(),
      layer_norm_eps: z.number().optional(),
      hidden_act: z.literal('gelu').optional(),
    })
    .default({}),
  mask_decoder_config: z
    .object({
      num_attention_heads: z.number().int().positive().optional(),
      hidden_act: z.literal('relu').optional(),
    })
    .default({}),
});

export type SamHints = z.infer<typeof hintsSchema>;

/** Reads Hugging Face's config.json; `file` names it in messages. */
export function parseHints(text: string, file: string): SamHints {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(
      {
        seen: `${file} is not JSON`,
        need: 'The config.json of a SAM model is needed',
        fix: 'Download it again',
      },
      { cause },
    );
  }
  const parsed = hintsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CheckpointError({
    seen: `${file} has ${issue!.path.join('.') || 'a content'} that does not fit: ${issue!.message}`,
    need: 'The config.json of a SAM model (model_type "sam", GELU encoder, ReLU decoder) is needed',
    fix: 'Use a checkpoint of SAM or MedSAM',
  });
}
