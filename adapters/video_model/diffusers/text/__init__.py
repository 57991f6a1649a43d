"""The text side: prompts to connector outputs, kept between jobs; prompt enhancement; auto duration."""
