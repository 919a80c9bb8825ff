-- test_proxy.lua: which addresses are trusted to name another one.
local unit  = mu.test.unit
local proxy = require "services.proxy"

return {
  test_the_default_trusts_this_machine_only = function()
    for _, address in ipairs { "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1" } do
      unit.assertTrue(proxy.is_trusted(address), address)
    end
    for _, address in ipairs { "128.0.0.1", "126.255.255.255", "10.0.0.1", "::2", "::", "2001:db8::1", "1::1", "",
                               "127.0.0", "127.0.0.1.1", "::1::", ":::1", "12345::1", "1:2:3:4:5:6:7:8:9", "x" } do
      unit.assertFalse(proxy.is_trusted(address), address)
    end
  end,

  test_without_reverse_proxy_the_header_means_nothing = function()
    unit.assertEquals(proxy.address_of { address = "127.0.0.1", headers = { ["x-real-ip"] = "203.0.113.9" } },
                      "127.0.0.1")
  end,
}
