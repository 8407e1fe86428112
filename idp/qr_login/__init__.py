"""Log-in on a desktop or kiosk, confirmed on a phone where the person is logged in already."""
