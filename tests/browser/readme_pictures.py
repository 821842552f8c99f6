"""Make the README's screenshots of what `test_real_models` left in .build/screenshots: ``make pictures``."""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
WIDEST_PX = 1280


def main() -> None:
    """Write assets/pictures/screen-*.webp."""
    for file in sorted((ROOT / ".build" / "screenshots").glob("real-*.png")):
        with Image.open(file) as picture:
            picture.thumbnail((WIDEST_PX, 10 * WIDEST_PX))
            name = file.stem.replace("real-", "screen-")
            picture.convert("RGB").save(ROOT / "assets" / "pictures" / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
