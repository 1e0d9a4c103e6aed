"""The portal: central's pages for the vendor's people and for the customers'."""
