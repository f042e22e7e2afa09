"""What has to have happened before a page is looked at."""


def drawn(page) -> None:
    """Wait for every chart."""
    page.wait_for_function(
        "[...document.querySelectorAll('.chart')].every((holder) => holder.querySelector('svg'))"
    )
