"""Deep reinforcement recommendation: DRR (Liu et al. 2018) on MovieLens, the package behind the book.

    from drr_tutorial import DRRRecommender, load_ratings
    agent = DRRRecommender().fit(load_ratings("ml-100k"))
    agent.recommend(user=42, k=10)

Names are imported when first used, so that `import drr_tutorial` costs next to nothing; `__init__.pyi` says where each
comes from. Gymnasium knows the environment as
`gymnasium.make("drr_tutorial.environment:drr_tutorial/Recommendation-v0", ratings=ratings)`.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = ["__version__", *_names]
