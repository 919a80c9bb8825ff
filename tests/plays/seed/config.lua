-- seed/config.lua: the settings with which this server answers as the reference capture does.
return [[
return {
  listeners = {
    { name = "http",       address = "127.0.0.1", port = 0, protocols = { "http", "blaze" } },
    { name = "game",       address = "127.0.0.1", port = 0, protocols = { "blaze" } },
  },
  client = { integer_source = true, job_throttle = { 0, 0, 0 } },
  promos = { hide_expired = false },
  doors  = {
    direct = {
      galaxy_at_war  = "http://127.0.0.1/gaw",
      images         = "http://127.0.0.1/content/",
      telemetry_host = "159.153.235.32",
      telemetry_port = 9988,
      qos_host       = "127.0.0.1",
      qos_port       = 17502,
      qos_sites      = { ["ea-sjc"] = "prod-sjc", ["rs-iad"] = "rs-prod-iad", ["rs-lhr"] = "rs-prod-lhr" },
      qos_probes     = 10,
    },
  },
}
]]
