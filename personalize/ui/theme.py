"""Fonts and colours of Gradio's own controls; everything else is in static/palate.css.

The palette is fig on celadon: pale green-grey, ink, and one accent colour for the person's choices. The theme
takes its colours from the variables of the style sheet.
"""

import gradio as gr

FAVICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Cg fill='%238a9a90'%3E%3Crect x='2' y='2' width='13' height='13' rx='3'/%3E"
    "%3Crect x='2' y='17' width='13' height='13' rx='3'/%3E"
    "%3Crect x='17' y='17' width='13' height='13' rx='3'/%3E"
    "%3C/g%3E%3Crect x='17' y='2' width='13' height='13' rx='6.5' fill='%23a03a72'/%3E%3C/svg%3E"
)

HEAD = f"""
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="{FAVICON}">
<link rel="stylesheet" href="look/palate.css">
"""


def theme() -> gr.themes.Base:
    """The theme of the page, the same in light and dark mode: the variables of the style sheet change."""
    colours = {
        "body_background_fill": "var(--wall)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--soft)",
        "background_fill_primary": "var(--card)",
        "background_fill_secondary": "var(--wall)",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--fig)",
        "color_accent_soft": "var(--blush)",
        "block_background_fill": "transparent",
        "block_label_text_color": "var(--ink)",
        "block_title_text_color": "var(--ink)",
        "block_info_text_color": "var(--soft)",
        "input_background_fill": "var(--card)",
        "input_background_fill_focus": "var(--card)",
        "input_border_color": "var(--edge)",
        "input_border_color_focus": "var(--fig)",
        "input_placeholder_color": "var(--soft)",
        "button_primary_background_fill": "var(--fig)",
        "button_primary_background_fill_hover": "var(--fig-deep)",
        "button_primary_text_color": "var(--on-fig)",
        "button_primary_text_color_hover": "var(--on-fig)",
        "slider_color": "var(--fig)",
    }
    both = {**colours, **{f"{name}_dark": value for name, value in colours.items()}}
    fonts = ("Instrument Sans", "system-ui", "sans-serif")
    return gr.themes.Base(font=fonts, font_mono=("ui-monospace", "monospace")).set(
        color_accent="var(--fig)",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0px",
        block_title_text_weight="600",
        input_border_width="1px",
        input_radius="12px",
        input_padding="14px 16px",
        input_text_size="17px",
        button_large_radius="999px",
        button_large_padding="14px 26px",
        button_large_text_size="17px",
        **both,
    )
