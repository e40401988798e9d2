"""The pages for staff: full pages, and the fragments of them that a browser fetches again."""
