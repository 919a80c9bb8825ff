-- configs/me3_dime.lua: the shop's catalogue for real money, as the publisher's own store had it.
--
-- That store is gone, so nothing can be bought here: what a pack costs in credits, and what is in it, stands in the
-- game's own configuration. The game still reads this list. A pack there that has an offer id wants to be here, too.
--
--   id     the pack's offer id in the game's configuration
--   name   what the shop calls it
--   offer  the store's article; item, where it differs, what the store delivers for it
--   tag    the entitlement that buying it grants
--   sold, advertised = false    hides it from the shop, or from its front page
--   from_date, until_date, zone, players, roles, languages, countries, levels    when and to whom, as in me3_msg.lua
--
-- The console adds more: `store add`. Those live in the database and are changed there; these here are changed here.
local shop = require "configs.shop"

return shop.catalogue {
  game = {
    name = "Mass Effect 3", store = 10285, category = 13339, group = "ME3PCContent",
    money_catalog = 10398, points_catalog = 10397, currency = "_BW",
    checkout = "https://origin.checkout.ea.com/lockbox-ui/checkout",
    success  = "http://bioware.com",
    failure  = "http://bioware.com",
  },

  packs = {
    { id = 650100, name = "N7 Equipment Pack", offer = "OFB-MASS:50162", tag = "ME3_REPACK_N7_EQUIPMENT" },
    { id = 650200, name = "Arsenal Pack", offer = "OFB-MASS:50165", tag = "ME3_REPACK_ARSENAL" },
    { id = 650300, name = "Reserves Pack", offer = "OFB-MASS:50166", tag = "ME3_REPACK_RESERVES" },
    { id = 200000, name = "ME3 RePack Silver", offer = "OFB-MASS:46192", tag = "ME3_REPACK_SILVER_PACK" },
    { id = 250000, name = "ME3 RePack Silver Premium", offer = "OFB-MASS:48173",
      tag = "ME3_REPACK_SILVER_PREMIUM_PACK" },
    { id = 300000, name = "ME3 RePack Gold", offer = "OFB-MASS:46193", tag = "ME3_REPACK_GOLD_PACK" },
    { id = 350000, name = "ME3 RePack Gold Premium", offer = "OFB-MASS:48177", tag = "ME3_REPACK_GOLD_PREMIUM_PACK" },
    { id = 300500, name = "ME3 RePack Gold Jumbo", offer = "OFB-MASS:48189", tag = "ME3_REPACK_GOLD_JUMBO_PACK" },
    { id = 400000, name = "ME3 RePack Platinum", offer = "OFB-MASS:46194", tag = "ME3_REPACK_PLATINUM_PACK" },
    { id = 400002, name = "ME3 RePack Platinum Deal 2", offer = "OFB-MASS:48194", tag = "ME3_REPACK_PLATINUM_PACK" },
    { id = 500000, name = "ME3 RePack Supplies", offer = "OFB-MASS:48196", tag = "ME3_REPACK_SUPPLIES_PACK" },
    { id = 500500, name = "ME3 RePack Supplies Jumbo", offer = "OFB-MASS:48199",
      tag = "ME3_REPACK_SUPPLIES_JUMBO_PACK" },
    { id = 501000, name = "ME3 RePack Mystery Character", offer = "OFB-MASS:48201",
      tag = "ME3_REPACK_MYSTERY_CHARACTER" },
    { id = 502000, name = "ME3 RePack Mystery Weapon", offer = "OFB-MASS:48202", tag = "ME3_REPACK_MYSTERY_WEAPON" },
    { id = 503000, name = "ME3 RePack Mystery Mod", offer = "OFB-MASS:48203", tag = "ME3_REPACK_MYSTERY_MOD" },
    { id = 650002, name = "ME3 RePack Resurgence Deal 2", offer = "OFB-MASS:48326", tag = "ME3_REPACK_RESURGENCE_01" },
    { id = 650003, name = "ME3 RePack Rebellion", offer = "OFB-MASS:49749", tag = "ME3_REPACK_REBELLION" },
    { id = 650004, name = "ME3 RePack Rebellion Deal 1", offer = "OFB-MASS:49750", tag = "ME3_REPACK_REBELLION" },
    { id = 650005, name = "ME3 RePack Rebellion Deal 2", offer = "OFB-MASS:49751", tag = "ME3_REPACK_REBELLION" },
  },
}
