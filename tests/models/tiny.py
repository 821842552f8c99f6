"""Tiny pipelines of other families than the mini models, untrained, of real parts, saved by diffusers.

What they draw is noise; how they are loaded and run is as with the large ones.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

MINI = Path(__file__).parents[2] / "models" / "mini" / "stable-diffusion"
WIDTH, CHANNELS = 32, 4


def _tokenizer() -> Any:
    return CLIPTokenizer.from_pretrained(MINI, subfolder="tokenizer", local_files_only=True)


def _text(tokenizer: Any, kind: Any = CLIPTextModel) -> Any:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, intermediate_size=WIDTH, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=tokenizer.model_max_length, projection_dim=WIDTH,
        bos_token_id=len(tokenizer) - 2, eos_token_id=len(tokenizer) - 1, pad_token_id=len(tokenizer) - 1,
    )  # fmt: skip
    return kind(config)


def _vae() -> Any:
    return AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
        block_out_channels=[16, 16], latent_channels=CHANNELS, norm_num_groups=4, sample_size=32,
    )  # fmt: skip


def _unet(**more: Any) -> Any:
    facts: dict[str, Any] = {
        "sample_size": 16, "in_channels": CHANNELS, "out_channels": CHANNELS, "layers_per_block": 1,
        "block_out_channels": (16, 32), "norm_num_groups": 4, "cross_attention_dim": WIDTH,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"), "attention_head_dim": 8,
    }  # fmt: skip
    return UNet2DConditionModel(**{**facts, **more})


def save_sdxl(folder: Path) -> Path:
    """A pipeline of the family of SDXL: two text encoders, and the picture's size as a condition."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    StableDiffusionXLPipeline(
        vae=_vae(), text_encoder=_text(tokenizer),
        text_encoder_2=_text(tokenizer, CLIPTextModelWithProjection),
        tokenizer=tokenizer, tokenizer_2=_tokenizer(), scheduler=EulerDiscreteScheduler(steps_offset=1),
        unet=_unet(
            cross_attention_dim=2 * WIDTH, addition_embed_type="text_time", addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=WIDTH + 6 * 8, transformer_layers_per_block=1,
        ),
        force_zeros_for_empty_prompt=True,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def save_lcm(folder: Path, variant: str | None = None) -> Path:
    """A latent consistency model: few steps, guidance as an embedding, no negative prompts."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    LatentConsistencyModelPipeline(
        vae=_vae(), text_encoder=_text(tokenizer), tokenizer=tokenizer,
        scheduler=LCMScheduler(steps_offset=1),
        unet=_unet(time_cond_proj_dim=16), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, variant=variant)  # fmt: skip
    return folder


def save_checked(folder: Path, objects: bool) -> Path:
    """A Stable Diffusion with a safety checker that objects to everything, or to nothing."""
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    small = {
        "hidden_size": WIDTH,
        "intermediate_size": WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(vision_config={**small, "image_size": 32, "patch_size": 8}, projection_dim=WIDTH)
    )
    with torch.no_grad():
        checker.concept_embeds_weights.fill_(-2.0 if objects else 2.0)  # cosines lie between -1 and 1
        checker.special_care_embeds_weights.fill_(2.0)
    extractor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    StableDiffusionPipeline(
        vae=_vae(), text_encoder=_text(tokenizer), tokenizer=tokenizer,
        scheduler=EulerDiscreteScheduler(steps_offset=1), unet=_unet(),
        safety_checker=checker, feature_extractor=extractor,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def save_lora(folder: Path) -> Path:
    """A LoRA for the tiny consistency model's denoiser; the folder of its file, lora.safetensors."""
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(0)
    unet = _unet(time_cond_proj_dim=16)
    unet.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    LatentConsistencyModelPipeline.save_lora_weights(
        folder, unet_lora_layers=get_peft_model_state_dict(unet), weight_name="lora.safetensors"
    )
    return folder
